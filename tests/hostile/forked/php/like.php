#!/usr/bin/php
<?php
declare(strict_types=1);
namespace Own;
register_shutdown_function(fn () => print("end\n"));
echo json_encode([__FILE__, __LINE__, __DIR__, __NAMESPACE__, $argv, $argc, $_SERVER['argv']]), "\n";
echo stream_get_contents(STDIN), json_encode(array_keys(get_defined_vars())), "\n";
echo json_encode(get_declared_classes()), json_encode(get_defined_functions()['user']), "\n";
echo json_encode([get_included_files()[0], debug_backtrace(), posix_getppid(), PHP_SAPI]), "\n";
echo json_encode([ini_get('memory_limit'), ini_get('zend.assertions'), error_reporting()]), "\n";
echo json_encode([abs(time() - $_SERVER['REQUEST_TIME']) < 5, ob_get_level(), setlocale(0, 0)]), "\n";
fwrite(STDERR, "careful\n");
fwrite(STDOUT, file_get_contents(__FILE__, false, null, __COMPILER_HALT_OFFSET__));
echo $nothing;
function deep(int $n): int { return $n ? deep($n - 1) : throw new \Exception('gone'); }
deep(3);
__halt_compiler(); of data
