"""The model card's pictures. Equal facts give equal pictures, byte for byte, with one version of matplotlib."""
