"""Mathematics that statements and engines share: exact laws, limit kernels, losses."""
