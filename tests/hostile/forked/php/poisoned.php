<?php
$seen = defined('EVIL') || class_exists('Evil') || function_exists('evil') || getenv('EVIL');
if (!$seen && ini_get('precision') != '3' && ini_get('auto_append_file') == '') echo "clean\n";
