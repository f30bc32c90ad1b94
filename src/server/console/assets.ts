import type { Context } from 'hono'

/** A file of the console. */
export interface Asset {
  readonly type: string
  readonly bytes: Uint8Array
  /** The same, compressed with gzip. */
  readonly compressed: Uint8Array
}

/** The files of the console, as the build has made them. */
export interface ConsoleAssets {
  /** Names of the files that the first page loads. */
  readonly script: string
  /** Names of what that imports. */
  readonly preload: readonly string[]
  readonly style: string
  /** By name. */
  readonly files: ReadonlyMap<string, Asset>
}

/** Answers with a file: its name changes with its content, so browsers keep it. */
export function answerAsset(c: Context, { type, bytes, compressed }: Asset): Response {
  const zipped = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
  return c.newResponse(Buffer.from(zipped ? compressed : bytes), 200, {
    'content-type': type,
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'accept-encoding',
    ...(zipped && { 'content-encoding': 'gzip' }),
  })
}

/**
 * The page that every screen begins with. Scripts run only with its nonce, and nothing is asked of
 * any other host.
 */
export function answerShell(c: Context, { script, preload, style }: ConsoleAssets, nonce: string): Response {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]
  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>esc</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/${style}">
${preload.map((name) => `<link rel="modulepreload" href="/assets/${name}" nonce="${nonce}">`).join('\n')}
<script type="module" src="/assets/${script}" nonce="${nonce}"></script>
</head>
<body><div id="app"></div><noscript>The console needs JavaScript.</noscript></body>
</html>
`
  return c.newResponse(page, 200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
  })
}
