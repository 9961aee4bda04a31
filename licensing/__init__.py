"""Rules of licences: price books and quotes. No I/O."""
