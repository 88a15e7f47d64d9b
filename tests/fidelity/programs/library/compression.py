import zlib, gzip, bz2, lzma, base64, binascii, hashlib, hmac, zipfile, tarfile, io
data = b"abc" * 1000
for m in (zlib, bz2, lzma): print(len(m.compress(data)), m.decompress(m.compress(data)) == data)
print(base64.b85encode(b"hello"), binascii.crc32(data), hashlib.sha256(data).hexdigest(), hmac.new(b"k", data, "md5").hexdigest())
print(sorted(hashlib.algorithms_guaranteed), hashlib.scrypt(b"p", salt=b"s", n=16, r=1, p=1).hex()[:20])
with zipfile.ZipFile("a.zip", "w") as z: z.writestr("x.txt", "text")
print(zipfile.ZipFile("a.zip").namelist(), gzip.decompress(gzip.compress(b"gz", mtime=0)))
