value = "serve"
