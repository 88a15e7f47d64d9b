value = "the sample's own"
