BEGIN { puts "begin #{$0} #{__FILE__} #{__LINE__}" }
at_exit { puts "end #{$!.inspect}" }
puts [__FILE__, $0, __LINE__, __dir__, __method__, ARGV, caller, self, binding.local_variables].inspect
puts __FILE__ == $0, STDIN.read, DATA.read
puts $LOADED_FEATURES.reject { |name| name.include?("fork_server") }.sort, $LOAD_PATH
puts Object.constants.sort.inspect, global_variables.sort.inspect, Process.ppid
puts [STDIN, STDOUT, STDERR].map { |each| [each.fileno, each.tty?, each.sync, each.lineno_or_none] }.inspect rescue puts "no such method"
puts [$stdout.sync, $stderr.sync, $,, $/, $;, $VERBOSE, $DEBUG, $-w, __ENCODING__, Encoding.default_external].inspect
puts Thread.list.size, Signal.trap("TERM") {}.inspect, ObjectSpace.each_object(IO).count < 20
def own; end
puts Object.private_method_defined?(:own), require("set").inspect
warn "careful"
def deep(n) = n.zero? ? raise(ArgumentError, "gone") : deep(n - 1)
deep(3)
__END__
of data
