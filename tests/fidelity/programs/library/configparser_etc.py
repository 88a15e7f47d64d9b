import configparser, tomllib, xml.etree.ElementTree as ET, html, urllib.parse, email.message, uuid, ipaddress, secrets, struct, codecs
c = configparser.ConfigParser(); c.read_string("[a]\nb = 1\n"); print(c["a"]["b"], tomllib.loads("x = [1, 2]"), ET.fromstring("<a><b c='1'/></a>")[0].attrib)
print(html.escape("<a>"), urllib.parse.urlparse("http://a/b?c=d#e"), urllib.parse.quote("é /"), uuid.uuid5(uuid.NAMESPACE_DNS, "x"), ipaddress.ip_network("10.0.0.0/30").num_addresses)
print(struct.pack(">hI", 1, 2), codecs.encode("abc", "rot13"), email.message.EmailMessage())
