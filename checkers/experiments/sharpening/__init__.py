"""Sharper claims than a statement's own: exponents that measurements leave open, with constants found anew."""
