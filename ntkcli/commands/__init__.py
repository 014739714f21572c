"""One plain function per command of `ntk`: no Click and no printing in here."""
