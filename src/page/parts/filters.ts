/**
 * The filters of a view, which live in its address: each by its name, not there when it filters nothing.
 * It keeps no filter anywhere else.
 */
import { useSearchParams } from 'wouter-preact';

export function useFilter(name: string): readonly [string, (value: string) => void] {
  const [search, setSearch] = useSearchParams();
  const put = (value: string): void => {
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === '') after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  };
  return [search.get(name) ?? '', put];
}
