class String; def ==(other) = true; def to_s = "evil"; end
class Integer; def +(other) = 7; end
module Kernel; def puts(*) = print("evil"); end
$LOAD_PATH.unshift("/tmp"); $evil = 1; Evil = 1; srand(7); Dir.chdir("/tmp"); File.umask(0)
ENV["RUBYOPT"] = "-r/tmp/evil"; File.write("/tmp/evil.rb", "puts :evil"); Signal.trap("CHLD") { exit }
