"""The beneficiary register: people, households, programmes, proposals, distributions, visits; import and reports."""
