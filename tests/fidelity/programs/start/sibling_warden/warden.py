value = "warden"
