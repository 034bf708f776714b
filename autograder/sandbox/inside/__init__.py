"""Run inside the jail: these modules import nothing of the package, since students can read them."""
