"""What all parts of AVMIT Lab share: vocabulary, protocol, configuration, clips and the store."""
