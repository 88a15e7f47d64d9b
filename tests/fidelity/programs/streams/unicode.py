print("ünïcödé ☃ 𝒳 \u200d")
print(ascii("☃"), repr("\ud800"), "\x00\x01\x7f\x80")
