"""The mathematics of measurement and matching: arrays in, arrays out; raises ValueError only."""
