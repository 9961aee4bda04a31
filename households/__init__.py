"""Rules of households: counts and their apportionment, adoption, eligibility, verification, codes. No I/O."""
