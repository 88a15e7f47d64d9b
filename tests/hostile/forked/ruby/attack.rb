sleep 0.1 # the process between the server and this one ends meanwhile
won = []
tried = lambda { |what, &block| won << what if (block.call rescue false) }
others = Dir.glob("/proc/[0-9]*").map { |path| path[/\d+/].to_i } - [$$]
others.each do |pid|
  tried.call("kill #{pid}") { pid != 1 && Process.kill(:KILL, pid) }
  tried.call("stop #{pid}") { pid != 1 && Process.kill(:STOP, pid) }
  %w[mem environ maps fd/0 fd/1 fd/3 cwd/.].each do |name|
    tried.call("#{pid} #{name}") { File.open("/proc/#{pid}/#{name}") }
    tried.call("#{pid} #{name}") { File.open("/proc/#{pid}/#{name}", "r+") }
  end
end
Process.kill(:KILL, -1) rescue nil
tried.call("root") { Process::Sys.setresuid(0, 0, 0) || true }
tried.call("root") { Process::Sys.setuid(0) || true }
status = File.read("/proc/self/status")
tried.call("ids") { status =~ /^Uid.*\b0\b/ }
tried.call("capability") { status =~ /^Cap(?!Bnd)\w+:.*[1-9a-f]/ }
tried.call("descriptor") do
  (3..99).any? { |fd| File.readlink("/proc/self/fd/#{fd}") !~ %r{^/work/|eventfd|eventpoll|/proc} rescue false }
end
tried.call("streams") { File.open("/proc/self/fd/1") }
tried.call("server") { others.any? { |pid| !Dir.exist?("/proc/#{pid}") } }
puts won.empty? ? "contained" : won.join(" ")
