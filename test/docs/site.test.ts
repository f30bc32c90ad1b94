import { expect } from 'chai'
import { sidebarOf } from './site/navigation.ts'
import { pageForSite, pathOnSite } from './site/page.ts'

const titleOf = (path: string) => `Title of ${path}`

describe('a page of the site', () => {
  const page = (path: string, text: string) => pageForSite(path, text, titleOf)

  it('links to indexes, and to the repository where a link leaves the pages', () => {
    expect(
      page('how-to/ci.md', '[a](../README.md#x) [b](team.md) [c](../../CONTRIBUTING.md) [d](https://x.example)'),
    ).to.equal(
      '[a](../index.md#x) [b](team.md) [c](https://github.com/gitesc/esc/blob/main/CONTRIBUTING.md) [d](https://x.example)',
    )
    expect(pathOnSite('providers/README.md')).to.equal('providers/index.md')
  })

  it('calls a page by its title, not by its file', () => {
    expect(page('how-to/ci.md', 'See [trust.md](../trust.md#in-ci).')).to.equal(
      'See [Title of trust.md](../trust.md#in-ci).',
    )
  })

  it('keeps code, and leaves comments out', () => {
    const code = '```console\n$ cat "[a](README.md)" <!-- x -->\n```\n'
    expect(page('a.md', `<!-- npm run transcript -->\n${code}`)).to.equal(code)
  })
})

describe('the sidebar of the site', () => {
  it('has a group per heading of the index, and each page once', () => {
    const index =
      'Take [Begin](begin.md).\n\n## How\n\n| A | [how/a.md](how/a.md), [Begin](begin.md) |\n| P | [providers](providers/README.md) |\n'
    expect(sidebarOf(index, titleOf).map(({ text, items }) => [text, ...items.map(({ link }) => link)])).to.deep.equal([
      ['Start', '/begin'],
      ['How', '/how/a', '/providers/'],
    ])
  })
})
