/**
 * A text that the page did not make itself: of a host, a container, a process or a person.
 * Marks in it that turn the writing around end with it, and turn nothing beside it.
 */
export function Said({ children }: { children: string }) {
  return <bdi>{children}</bdi>;
}
