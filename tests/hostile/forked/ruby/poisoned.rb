puts "clean" if 1 + 1 == 2 && "a" != "b" && !defined?(Evil) && !$evil && !$LOAD_PATH.include?("/tmp")
