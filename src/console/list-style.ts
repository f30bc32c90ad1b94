import { adoptStyle } from './adopt-style.ts'

// Tables, and lists with filters.
adoptStyle(`
table {
  margin-bottom: 1rem;
}

td.actions {
  text-align: right;
  white-space: nowrap;
}

.wide {
  position: relative;
  overflow-x: auto;
}

.masked {
  letter-spacing: 0.1em;
  color: var(--pico-muted-color);
}

.filters {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr));
  gap: 0 0.8rem;
  align-items: end;
}

.pages {
  align-items: center;
  justify-content: flex-start;
  gap: 0.8rem;
}

.verification {
  margin-top: 2rem;

  code {
    overflow-wrap: anywhere;
  }
}

code.token {
  overflow-wrap: anywhere;
  user-select: all;
}

.hook,
.hook code {
  overflow-wrap: anywhere;
}

td details {
  margin: 0.3rem 0 0;
}

.quoted {
  max-height: 14rem;
  overflow: auto;
  padding: 0.5rem;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}

.filters .buttons {
  margin-bottom: calc(var(--pico-spacing) + 0.35rem);

  button {
    width: auto;
  }
}
`)
