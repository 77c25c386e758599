/**
 * Says what people see of the home folder's files that are damaged or cannot be written.
 * It holds types only.
 */
import type { Loss } from '../detector/loss.ts';
import type { SetAside } from '../setAside.ts';

/** A damaged file or folder of the home folder that was given another name; told until a person moves it away. */
export interface SetAsideView extends SetAside, Loss {}

export interface HomeView {
  readonly setAside: readonly SetAsideView[];
  /** What could not be written when it last was to be. */
  readonly unwritable: readonly { readonly name: string; readonly since: string; readonly why: string }[];
}
