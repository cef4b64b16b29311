"""Write networks as graphs and run them: ONNX Runtime, ncnn."""
