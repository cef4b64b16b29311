"""The paper's networks: multimodal squeeze units and a recurrent layer."""
