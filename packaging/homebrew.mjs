// The Homebrew formula of the package that npm publishes.

/** Returns the formula. `sha256` is the digest of the tarball, in hexadecimal. */
export function formula({ version, description, homepage }, sha256) {
  // Homebrew wants a description of at most 80 characters, without an article or a dot.
  const text = description.split(':')[0].replace(/^(?:An?|The) /, '')
  return `class Gitesc < Formula
  desc "${text[0].toUpperCase()}${text.slice(1)}"
  homepage "${homepage.replace('#readme', '')}"
  url "https://registry.npmjs.org/@gitesc/cli/-/cli-${version}.tgz"
  sha256 "${sha256}"
  license "Apache-2.0"

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink libexec.glob("bin/*")
    man1.install_symlink libexec.glob("share/man/man1/*.1")
    generate_completions_from_executable(bin/"esc", "completion")
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/esc version").strip
    system bin/"esc", "init"
    system bin/"esc", "env", "init", "app/dev"
    system bin/"esc", "env", "set", "app/dev", "password", "not-a-secret", "--secret"
    assert_match "not-a-secret", shell_output("#{bin}/esc open app/dev password --format string")
  end
end
`
}
