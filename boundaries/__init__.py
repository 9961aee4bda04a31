"""Rules of blocks, buurten and plans: how a tiling is checked and how a plan is made. No I/O."""
