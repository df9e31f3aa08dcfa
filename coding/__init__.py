"""What it means, who decided, what it adds up to."""

__version__ = "0.1.0"
