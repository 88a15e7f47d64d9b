<?php
function evil() { echo 'evil'; }
set_error_handler('evil'); set_exception_handler('evil'); register_shutdown_function('evil');
ini_set('precision', '3'); ini_set('auto_append_file', '/tmp/evil.php'); putenv('EVIL=1'); $_ENV['EVIL'] = 1;
define('EVIL', 1); mt_srand(7); chdir('/tmp'); umask(0); ob_start(fn ($text) => 'evil'); setlocale(LC_ALL, 'C');
file_put_contents('/tmp/evil.php', '<?php echo "evil";');
class Evil extends \php_user_filter { } stream_filter_register('evil', 'Evil'); stream_wrapper_unregister('file');
