import { createTheme, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e6f5f4",
  "#cde8e6",
  "#9cd2cf",
  "#68bab6",
  "#3da39f",
  "#1f8e8a",
  "#0f7773",
  "#0b625f",
  "#084e4c",
  "#053a38",
];

/** Mantine's own dark greys are warm; ours lean to the blue of the tokens. */
const dark: MantineColorsTuple = [
  "#eef1f4",
  "#c8ced6",
  "#aeb6c0",
  "#7b848f",
  "#39424c",
  "#2e353d",
  "#1c2229",
  "#15191e",
  "#0e1114",
  "#0a0c0f",
];

export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  colors: { teal, dark },
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  defaultRadius: "sm",
  respectReducedMotion: true,
});
