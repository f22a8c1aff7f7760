import { type RefObject, useEffect, useRef, useState } from "react";

/** The width a chart may fill, 0 until it is known. */
export function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!place.current) return;
    const resized = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    resized.observe(place.current);
    return () => resized.disconnect();
  }, []);
  return [place, width];
}
