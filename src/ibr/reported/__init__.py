"""Beneficiaries as a programme reports them: plain records that every door makes alike."""
