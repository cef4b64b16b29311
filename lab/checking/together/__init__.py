"""What tables, texts and trials have to say alike."""
