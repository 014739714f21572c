"""A spec's network: built, made ready for its data, and told of layer by layer."""
