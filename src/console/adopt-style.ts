/**
 * Adds rules to the page that its first screen does not need. A sheet that a script makes is no
 * inline style, which the policy of the page would refuse.
 */
export function adoptStyle(css: string): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  document.adoptedStyleSheets.push(sheet)
}
