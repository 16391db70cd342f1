"""Prediction: pictures and arrays in, and what a network says of them."""
