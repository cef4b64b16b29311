"""What the networks see and hear: waveforms, mel spectrograms, frames."""
