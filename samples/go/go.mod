module keywright-license

go 1.19
