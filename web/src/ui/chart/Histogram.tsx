import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { Bucket } from "../../api";
import { absolute } from "../time";
import { init } from "./echarts";

const OUTCOMES = ["success", "failure", "unknown"] as const;

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--vt-${name}`).trim();

/** How many events when, stacked by outcome; a click on a bar asks for that interval. */
export function Histogram({ buckets, onPick }: { buckets: Bucket[]; onPick?: (start: string) => void }) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme changes what the tokens resolve to
  useEffect(() => {
    if (!place.current) return;
    const chart = init(place.current);
    const label = { color: token("muted") };
    chart.setOption({
      animation: false,
      aria: { enabled: true, decal: { show: true } },
      grid: { left: 48, right: 8, top: 8, bottom: 24 },
      tooltip: { trigger: "axis" },
      xAxis: {
        type: "category",
        data: buckets.map((bucket) => absolute(bucket.start).slice(5, 16)),
        axisLabel: label,
      },
      yAxis: { type: "value", minInterval: 1, axisLabel: label, splitLine: { lineStyle: { color: token("line") } } },
      series: OUTCOMES.map((outcome) => ({
        name: outcome,
        type: "bar",
        stack: "outcome",
        data: buckets.map((bucket) => bucket[outcome]),
        itemStyle: { color: token(outcome) },
      })),
    });
    chart.on("click", (click) => {
      const bucket = buckets[click.dataIndex];
      if (bucket) onPick?.(bucket.start);
    });
    const resized = new ResizeObserver(() => chart.resize());
    resized.observe(place.current);
    return () => {
      resized.disconnect();
      chart.dispose();
    };
  }, [buckets, onPick, scheme]);
  return <div ref={place} className="vt-chart" role="img" aria-label="Events over time by outcome" />;
}
