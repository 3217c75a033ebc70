/**
 * As the `ref` of a field or button: it has the focus, and a field's text is selected, once it is there.
 *
 * An effect would come after the drawing. Who types at once would have the first letters selected,
 * and lost with the next one.
 */
export function takeFocus(node: HTMLElement | null): void {
  node?.focus();
  if (node instanceof HTMLInputElement) {
    node.select();
  }
}
