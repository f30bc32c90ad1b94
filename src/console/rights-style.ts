import { adoptStyle } from './adopt-style.ts'

// What a person may not do, and the reason.
adoptStyle(`
button[aria-disabled="true"] {
  cursor: not-allowed;
  opacity: 0.5;
}

button.link[aria-disabled="true"] {
  text-decoration: none;
}

.note {
  padding: 0.4rem 0.8rem;
  border-left: 3px solid var(--pico-muted-border-color);
  color: var(--pico-muted-color);
}
`)
