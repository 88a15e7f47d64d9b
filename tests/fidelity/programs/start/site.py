import site, sysconfig
print(site.ENABLE_USER_SITE, site.getusersitepackages(), site.getsitepackages())
print(sysconfig.get_paths())
