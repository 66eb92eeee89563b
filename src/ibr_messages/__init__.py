"""The standard's messages, for both sides: types, canonical JSON, signatures, keys, file form.

Plain Python without database or network: the registry (`ibr`) and programme systems (`ibr_client`)
read and write the same messages with the same code.
"""
