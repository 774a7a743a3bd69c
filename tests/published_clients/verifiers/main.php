<?php
require 'verify_webhook.php';

while (($line = fgets(STDIN)) !== false) {
    [$id, $at, $signature, $body, $secrets, $now] = explode("\t", rtrim($line, "\n"));
    $headers = ['webhook-id' => $id, 'webhook-timestamp' => $at, 'webhook-signature' => $signature];
    $message = verify_webhook($headers, base64_decode($body), explode(',', $secrets), (int) $now);
    echo $message === null ? "forged\n" : "genuine\n";
}
