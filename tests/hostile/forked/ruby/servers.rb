skip = $$ # itself
Dir.glob("/proc/[0-9]*/cmdline").each do |file|
  line = File.read(file)
  server = line.include?("fork_server") && !line.include?("warden")
  puts "server" if server && file != "/proc/#{skip}/cmdline"
end
