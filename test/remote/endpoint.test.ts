import { expect } from 'chai'
import { serverUrl } from '../../src/remote/index.ts'

describe('serverUrl', () => {
  it('is the same for one server, however it is typed', () => {
    for (const typed of ['https://ESC.example.com', 'https://esc.example.com:443/', 'HTTPS://esc.example.com//'])
      expect(serverUrl(typed)).to.equal('https://esc.example.com')
    expect(serverUrl('https://h/x/')).to.equal('https://h/x')
    expect(serverUrl('http://127.0.0.1:8080/')).to.equal('http://127.0.0.1:8080')
    expect(serverUrl('http://[::1]:8080')).to.equal('http://[::1]:8080')
  })

  it('refuses to send a token without encryption, unless that is meant', () => {
    expect(() => serverUrl('http://esc.internal')).to.throw(/without encryption/)
    expect(() => serverUrl('http://127.evil.example')).to.throw(/without encryption/)
    expect(serverUrl('http://esc.internal', { allowHttp: true })).to.equal('http://esc.internal')
  })

  it('repeats nothing of a URL that holds a token', () => {
    for (const typed of ['https://user:hunter2@h', 'https://h?token=hunter2', 'https://h#hunter2', 'ftp://hunter2@h'])
      expect(() => serverUrl(typed))
        .to.throw()
        .with.property('message')
        .that.does.not.include('hunter2')
  })
})
